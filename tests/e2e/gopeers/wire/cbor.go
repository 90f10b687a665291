package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

// JSONToCBOR replaces the keys of the table by their numbers. As in deployed clients every number
// becomes a float: of nine bytes, or in canonical form the shortest that is exact.
func JSONToCBOR(text []byte, canonical bool) ([]byte, error) {
	var value interface{}
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	options := cbor.EncOptions{}
	if canonical {
		options = cbor.CanonicalEncOptions()
	}
	mode, err := options.EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(numberKeys(value))
}

func numberKeys(value interface{}) interface{} {
	switch value := value.(type) {
	case []interface{}:
		for i := range value {
			value[i] = numberKeys(value[i])
		}
		return value
	case map[string]interface{}:
		out := make(map[interface{}]interface{}, len(value))
		for key, member := range value {
			if number, ok := keyNumbers[key]; ok {
				out[number] = numberKeys(member)
			} else {
				out[key] = numberKeys(member)
			}
		}
		return out
	}
	return value
}

// CBORToJSON is the way back. A key that is there as a number and as a string: the string wins. The
// keys of the JSON are sorted, which makes it canonical.
func CBORToJSON(data []byte) ([]byte, error) {
	var value interface{}
	if err := cbor.Unmarshal(data, &value); err != nil {
		return nil, fmt.Errorf("reading CBOR: %w", err)
	}
	named, err := nameKeys(value)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(named); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func nameKeys(value interface{}) (interface{}, error) {
	switch value := value.(type) {
	case []byte:
		return nil, fmt.Errorf("a byte string: deployed clients panic here")
	case []interface{}:
		for i := range value {
			member, err := nameKeys(value[i])
			if err != nil {
				return nil, err
			}
			value[i] = member
		}
		return value, nil
	case map[interface{}]interface{}:
		out := make(map[string]interface{}, len(value))
		for key, member := range value {
			name, isString := key.(string)
			if !isString {
				name = keyName(key)
				if _, exists := value[name]; exists {
					continue
				}
			}
			converted, err := nameKeys(member)
			if err != nil {
				return nil, err
			}
			out[name] = converted
		}
		return out, nil
	}
	return value, nil
}

func keyName(key interface{}) string {
	if number, ok := key.(uint64); ok {
		if name, known := keyNames[int(number)]; known {
			return name
		}
		return strconv.FormatUint(number, 10)
	}
	return fmt.Sprint(key)
}
