// client-proxy takes plain HTTP and JSON and speaks CoAP, DTLS and CBOR to a gateway, as the mobile
// client does: one connection, dialled when needed and again when it died; the access token sent
// only when it changes; 8 s for an acknowledgement, four retransmissions, a ping after 60 s.
package main

import (
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"lowband.invalid/e2e/gopeers/wire"
)

func main() {
	listen := flag.String("http-bind-addr", ":8008", "address to listen on")
	gateway := flag.String("homeserver", "", "host:port of the gateway")
	flag.Parse()
	if *gateway == "" {
		log.Fatal("--homeserver must be set")
	}
	p := &proxy{gateway: *gateway, dialer: &dialer{address: *gateway, times: timesFromEnvironment()}}
	if os.Getenv("LB_OBSERVE_ENABLED") == "1" {
		p.observer = &observer{patience: 5 * time.Second, buffer: 50}
	}
	server := http.Server{Addr: *listen, Handler: p, ReadHeaderTimeout: 5 * time.Minute}
	log.Fatal(server.ListenAndServe())
}

func timesFromEnvironment() times {
	seconds := func(name string, otherwise int) time.Duration {
		if text := os.Getenv(name); text != "" {
			value, err := strconv.Atoi(text)
			if err != nil {
				log.Fatalf("%s: %v", name, err)
			}
			otherwise = value
		}
		return time.Duration(otherwise) * time.Second
	}
	return times{
		insecure:        os.Getenv("LB_INSECURE_SKIP_VERIFY") == "1",
		flight:          seconds("LB_FLIGHT_INTERVAL_SECS", 2),
		heartbeat:       seconds("LB_HEARTBEAT_TIMEOUT_SECS", 60),
		keepAlive:       seconds("LB_KEEP_ALIVE_TIMEOUT_SECS", 30),
		nStart:          seconds("LB_TRANSMISSION_NSTART", 1),
		acknowledgement: seconds("LB_TRANSMISSION_ACK_TIMEOUT_SECS", 8),
	}
}

type proxy struct {
	gateway  string
	dialer   *dialer
	observer *observer // nil: /sync is a request like others
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	response, err := p.forward(r)
	if err != nil {
		log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte(`{"errcode":"PROXY","error":"failed to forward request to homeserver"}`))
		return
	}
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body)
}

func (p *proxy) forward(r *http.Request) (*wire.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	request := wire.Request{
		Method: r.Method,
		URL:    &url.URL{Host: p.gateway, Path: r.URL.Path, RawQuery: r.URL.RawQuery},
	}
	if len(text) > 0 {
		if request.Body, err = wire.JSONToCBOR(text, false); err != nil {
			return nil, err
		}
		request.ContentType = "application/cbor"
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if p.observer != nil && strings.Contains(r.URL.Path, "/_matrix/client/r0/sync") {
		return p.observer.sync(p.dialer, r.URL.Query(), token)
	}
	response, err := p.dialer.exchange(request, token)
	if err != nil {
		return nil, err
	}
	if len(response.Body) == 0 {
		return nil, errors.New("an empty body: deployed clients panic here")
	}
	response.Body, err = wire.CBORToJSON(response.Body)
	return response, err
}
