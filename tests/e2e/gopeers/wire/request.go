package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"sync/atomic"

	"github.com/matrix-org/go-coap/v2/message"
	"github.com/matrix-org/go-coap/v2/message/codes"
	udpmessage "github.com/matrix-org/go-coap/v2/udp/message"
	"github.com/matrix-org/go-coap/v2/udp/message/pool"
)

// OptionAccessToken is MSC3079's option for the access token.
const OptionAccessToken = message.OptionID(256)

// Request is an HTTP request in the words of a deployed client.
type Request struct {
	Method      string
	URL         *url.URL
	ContentType string
	Body        []byte  // nil: none
	Token       *string // nil: leave it to the connection's; empty: send the option without a value
}

var methodCodes = map[string]codes.Code{
	"GET": codes.GET, "POST": codes.POST, "PUT": codes.PUT, "DELETE": codes.DELETE,
}

var contentFormats = map[string]message.MediaType{
	"application/json": message.AppJSON,
	"application/cbor": message.AppCBOR,
	"text/plain":       message.TextPlain,
}

// statusCodes are all the response codes that deployed clients understand.
var statusCodes = map[codes.Code]int{
	codes.Content: 200, codes.BadRequest: 400, codes.Unauthorized: 401, codes.Forbidden: 403,
	codes.NotFound: 404, codes.MethodNotAllowed: 405, codes.RequestEntityTooLarge: 413,
	codes.InternalServerError: 500, codes.BadGateway: 502, codes.GatewayTimeout: 504,
}

var tokens uint64

// nextToken counts up, one byte for the first 127 requests of a process.
func nextToken() message.Token {
	buffer := make([]byte, binary.MaxVarintLen64)
	return buffer[:binary.PutUvarint(buffer, atomic.AddUint64(&tokens, 1))]
}

// Message makes the CoAP request. Without a content type it says octets, as deployed clients do.
func (r Request) Message() (*pool.Message, error) {
	code, ok := methodCodes[r.Method]
	if !ok {
		return nil, fmt.Errorf("no CoAP method for %s", r.Method)
	}
	out := pool.AcquireMessage(context.Background())
	out.SetType(udpmessage.Confirmable)
	out.SetToken(nextToken())
	out.SetCode(code)
	out.SetPath(CoAPPath(r.URL.Path))
	for key, values := range r.URL.Query() {
		for _, value := range values {
			out.AddQuery(key + "=" + value)
		}
	}
	if r.Body != nil {
		out.SetBody(bytes.NewReader(r.Body))
	}
	format, ok := contentFormats[r.ContentType]
	if !ok {
		format = message.AppOctets
	}
	out.SetContentFormat(format)
	if r.Token != nil {
		out.SetOptionString(OptionAccessToken, *r.Token)
	}
	return out, nil
}

// Response is the answer in HTTP's words.
type Response struct {
	Status int
	Body   []byte
}

// Read takes a CoAP response apart. A code that deployed clients do not know is an error, as there.
func Read(in *pool.Message) (*Response, error) {
	status, ok := statusCodes[in.Code()]
	if !ok {
		return nil, fmt.Errorf("a response code that deployed clients do not know: %v", in.Code())
	}
	if in.Body() == nil {
		return &Response{Status: status}, nil
	}
	body, err := io.ReadAll(in.Body())
	if err != nil {
		return nil, err
	}
	return &Response{status, body}, nil
}
