// Package wire is what deployed low-bandwidth clients put on the wire: MSC3079's tables, bodies and
// requests. The tests of Lowband speak through it, so it shares nothing with Lowband's own code: its
// tables are frozen copies of what those clients carry.
package wire

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed cbor_keys_v1.tsv
var keysTSV string

//go:embed coap_paths_v1.tsv
var pathsTSV string

var (
	keyNumbers = map[string]int{} // "event_id" → 1
	keyNames   = map[int]string{}
	pathEnums  []pathEnum
)

type pathEnum struct {
	code     string
	template []string // segments; {placeholders} kept as they are
}

func init() {
	for _, row := range rows(keysTSV) {
		number, err := strconv.Atoi(row[0])
		if err != nil {
			panic(fmt.Sprintf("cbor_keys_v1.tsv: %v", err))
		}
		keyNumbers[row[1]] = number
		keyNames[number] = row[1]
	}
	for _, row := range rows(pathsTSV) {
		template := strings.TrimSuffix(row[1], "/")
		pathEnums = append(pathEnums, pathEnum{row[0], strings.Split(template, "/")})
	}
}

// rows splits a table of two columns and drops its heading.
func rows(table string) [][2]string {
	var out [][2]string
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		left, right, ok := strings.Cut(line, "\t")
		if !ok {
			panic("a table row without a tab: " + line)
		}
		out = append(out, [2]string{left, right})
	}
	return out
}

// CoAPPath folds an HTTP path into its enum form, `/7` for `/_matrix/client/r0/sync`. A path that is
// not in the table comes back as it is. Deployed clients split the decoded path, so a %2F in it has
// become a segment of its own before this; that is theirs to answer for.
func CoAPPath(path string) string {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, enum := range pathEnums {
		if values, ok := enum.match(segments); ok {
			return "/" + strings.Join(append([]string{enum.code}, values...), "/")
		}
	}
	return path
}

func (e pathEnum) match(segments []string) ([]string, bool) {
	if len(segments) != len(e.template) {
		return nil, false
	}
	var values []string
	for i, want := range e.template {
		if strings.HasPrefix(want, "{") && segments[i] != "" {
			values = append(values, segments[i])
		} else if want != segments[i] {
			return nil, false
		}
	}
	return values, true
}
