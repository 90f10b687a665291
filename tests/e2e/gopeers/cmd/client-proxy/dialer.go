package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/matrix-org/go-coap/v2/dtls"
	"github.com/matrix-org/go-coap/v2/net/blockwise"
	"github.com/matrix-org/go-coap/v2/udp/client"
	piondtls "github.com/pion/dtls/v2"

	"lowband.invalid/e2e/gopeers/wire"
)

const (
	retransmissions     = 4
	keepAliveRetries    = 5
	blockwiseExpiration = 2 * time.Minute // a large sync takes many blocks
)

// times of the connection; the defaults are the mobile client's.
type times struct {
	insecure                                              bool
	flight, heartbeat, keepAlive, nStart, acknowledgement time.Duration
}

// dialer keeps one connection to the gateway.
type dialer struct {
	address string
	times   times

	mu        sync.Mutex // guards the rest
	conn      *client.ClientConn
	sentToken *string // on conn; nil: none yet
}

// exchange does one request. When it fails and the connection is gone, it dials and tries once more.
func (d *dialer) exchange(request wire.Request, token string) (*wire.Response, error) {
	for attempt := 1; ; attempt++ {
		conn, sendToken, err := d.connect(token)
		if err != nil {
			return nil, err
		}
		request.Token = nil
		if sendToken {
			request.Token = &token
		}
		message, err := request.Message()
		if err != nil {
			return nil, err
		}
		answer, err := conn.Do(message)
		if err == nil {
			return wire.Read(answer)
		}
		log.Printf("attempt %d: %v", attempt, err)
		if attempt == 2 || d.alive() {
			return nil, err
		}
	}
}

func (d *dialer) alive() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn != nil
}

// connect returns the connection, and whether this request has to carry the token. It counts as sent
// from here on, before anything is delivered, as in the mobile client.
func (d *dialer) connect(token string) (*client.ClientConn, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		conn, err := d.dial()
		if err != nil {
			return nil, false, err
		}
		d.conn, d.sentToken = conn, nil
		conn.AddOnClose(func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.conn == conn {
				d.conn = nil
			}
		})
	}
	send := d.sentToken == nil || *d.sentToken != token
	d.sentToken = &token
	return d.conn, send, nil
}

func (d *dialer) dial() (*client.ClientConn, error) {
	config := &piondtls.Config{
		InsecureSkipVerify: d.times.insecure,
		FlightInterval:     d.times.flight,
	}
	return dtls.Dial(d.address, config,
		dtls.WithHeartBeat(d.times.heartbeat),
		dtls.WithKeepAlive(keepAliveRetries, d.times.keepAlive, func(interface {
			Close() error
			Context() context.Context
		}) {
		}),
		dtls.WithTransmission(d.times.nStart, d.times.acknowledgement, retransmissions),
		dtls.WithBlockwise(true, blockwise.SZX1024, blockwiseExpiration))
}
