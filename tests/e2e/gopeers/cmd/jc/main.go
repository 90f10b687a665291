// jc converts JSON to CBOR with MSC3079's integer keys, canonically, or with -c2j the other way.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"lowband.invalid/e2e/gopeers/wire"
)

func main() {
	toJSON := flag.Bool("c2j", false, "CBOR to JSON")
	output := flag.String("out", "-", "file to write; - is stdout")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: jc [-c2j] [-out FILE] TEXT|@FILE|-")
	}
	in, err := read(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	var out []byte
	if *toJSON {
		out, err = wire.CBORToJSON(in)
	} else {
		out, err = wire.JSONToCBOR(in, true)
	}
	if err != nil {
		log.Fatal(err)
	}
	if *output == "-" {
		_, err = os.Stdout.Write(out)
	} else if err = os.WriteFile(*output, out, 0o600); err == nil {
		fmt.Printf("Output to '%s' (%d bytes) %x\n", *output, len(out), out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func read(argument string) ([]byte, error) {
	if argument == "-" {
		return io.ReadAll(os.Stdin)
	}
	if strings.HasPrefix(argument, "@") {
		return os.ReadFile(argument[1:])
	}
	return []byte(argument), nil
}
