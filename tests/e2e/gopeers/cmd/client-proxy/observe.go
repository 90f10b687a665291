package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"sync"
	"time"

	"github.com/matrix-org/go-coap/v2/message"
	"github.com/matrix-org/go-coap/v2/udp/client"
	"github.com/matrix-org/go-coap/v2/udp/message/pool"

	"lowband.invalid/e2e/gopeers/wire"
)

// observer turns /sync into an observation, as the mobile client does when it is told to: one for a
// connection, registered by the first /sync with its queries; each further /sync takes the next
// notification, or after a while without one an empty result that repeats the client's since.
type observer struct {
	patience time.Duration
	buffer   int

	mu            sync.Mutex // guards the rest
	conn          *client.ClientConn
	notifications chan *wire.Response
}

func (o *observer) sync(d *dialer, queries url.Values, token string) (*wire.Response, error) {
	notifications, err := o.register(d, queries, token)
	if err != nil {
		return nil, err
	}
	select {
	case response := <-notifications:
		return response, nil
	case <-time.After(o.patience):
		const nothing = `{"next_batch":%q,"account_data":{},"presence":{},` +
			`"rooms":{"join":{},"peek":{},"invite":{},"leave":{}},` +
			`"to_device":{"events":[]},"device_lists":{}}`
		body := fmt.Sprintf(nothing, queries.Get("since"))
		return &wire.Response{Status: 200, Body: []byte(body)}, nil
	}
}

func (o *observer) register(d *dialer, queries url.Values, token string) (chan *wire.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	conn, _, err := d.connect(token)
	if err != nil {
		return nil, err
	}
	if o.conn == conn {
		return o.notifications, nil
	}
	// Remembered before it has worked, as there: a connection registers once.
	notifications := make(chan *wire.Response, o.buffer)
	o.conn, o.notifications = conn, notifications
	options := []message.Option{{ID: wire.OptionAccessToken, Value: []byte(token)}}
	for key, values := range queries {
		options = append(options, message.Option{
			ID: message.URIQuery, Value: []byte(key + "=" + values[0]),
		})
	}
	path := wire.CoAPPath("/_matrix/client/r0/sync")
	_, err = conn.Observe(context.Background(), path, func(in *pool.Message) {
		o.take(in, notifications)
	}, options...)
	return notifications, err
}

// take hands a notification on; one without a body says nothing.
func (o *observer) take(in *pool.Message, notifications chan *wire.Response) {
	response, err := wire.Read(in)
	if err != nil || len(response.Body) == 0 {
		return
	}
	if response.Body, err = wire.CBORToJSON(response.Body); err != nil {
		log.Printf("a notification that cannot be read: %v", err)
		return
	}
	notifications <- response
}
