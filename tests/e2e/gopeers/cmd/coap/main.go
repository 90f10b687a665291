// coap sends one request over CoAP and DTLS and prints the answer's body, with curl's flags. It dials
// with the times of the command line tool that is in use: a flight interval of one second, 60 s for
// an acknowledgement.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/matrix-org/go-coap/v2/dtls"
	"github.com/matrix-org/go-coap/v2/net/blockwise"
	piondtls "github.com/pion/dtls/v2"

	"lowband.invalid/e2e/gopeers/wire"
)

type headers map[string]string

func (h headers) String() string { return "" }

func (h headers) Set(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("a header without a colon: %s", line)
	}
	h[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	return nil
}

type options struct {
	method, data               string
	insecure, include, verbose bool
	headers                    headers
}

func main() {
	o := options{headers: headers{}}
	for _, name := range []string{"X", "request"} {
		flag.StringVar(&o.method, name, "GET", "method")
	}
	for _, name := range []string{"d", "data"} {
		flag.StringVar(&o.data, name, "", "body; @FILE and - read it")
	}
	for _, name := range []string{"k", "insecure"} {
		flag.BoolVar(&o.insecure, name, false, "do not verify the certificate")
	}
	for _, name := range []string{"i", "include"} {
		flag.BoolVar(&o.include, name, false, "print the status too")
	}
	for _, name := range []string{"v", "verbose"} {
		flag.BoolVar(&o.verbose, name, false, "print request and status")
	}
	for _, name := range []string{"H", "header"} {
		flag.Var(o.headers, name, "header")
	}
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: coap [-X METHOD] [-d DATA|@FILE|-] [-H HEADER] [-k] [-i] [-v] URL")
	}
	response, err := o.exchange(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	if o.include || o.verbose {
		fmt.Printf("HTTP/0.0 %d %s\r\n\r\n", response.Status, http.StatusText(response.Status))
	}
	if _, err := os.Stdout.Write(response.Body); err != nil {
		log.Fatal(err)
	}
	if response.Status < 200 || response.Status >= 300 {
		os.Exit(1)
	}
}

func (o options) body() ([]byte, error) {
	switch {
	case o.data == "-":
		return io.ReadAll(os.Stdin)
	case strings.HasPrefix(o.data, "@"):
		return os.ReadFile(o.data[1:])
	}
	return []byte(o.data), nil
}

func (o options) exchange(target string) (*wire.Response, error) {
	at, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	body, err := o.body()
	if err != nil {
		return nil, err
	}
	request := wire.Request{Method: o.method, URL: at, ContentType: o.headers["content-type"], Body: body}
	if token := o.headers["authorization"]; strings.HasPrefix(token, "Bearer ") {
		token = strings.TrimPrefix(token, "Bearer ")
		request.Token = &token
	}
	if o.verbose {
		fmt.Printf("> %s %s\n> %d bytes\n\n", o.method, at, len(body))
	}
	conn, err := dtls.Dial(at.Host, &piondtls.Config{InsecureSkipVerify: o.insecure},
		dtls.WithTransmission(time.Second, 60*time.Second, 4),
		dtls.WithBlockwise(true, blockwise.SZX1024, 2*time.Minute),
		dtls.WithHeartBeat(60*time.Second),
		dtls.WithKeepAlive(5, 30*time.Second, func(interface {
			Close() error
			Context() context.Context
		}) {
		}))
	if err != nil {
		return nil, fmt.Errorf("dialling %s: %w", at.Host, err)
	}
	message, err := request.Message()
	if err != nil {
		return nil, err
	}
	answer, err := conn.Do(message)
	if err != nil {
		return nil, fmt.Errorf("exchanging: %w", err)
	}
	return wire.Read(answer)
}
