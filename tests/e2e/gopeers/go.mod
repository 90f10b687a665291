module lowband.invalid/e2e/gopeers

go 1.19

require (
	github.com/fxamacker/cbor/v2 v2.3.0
	github.com/matrix-org/go-coap/v2 v2.0.0-20210608155919-691db5a1ade4
	github.com/pion/dtls/v2 v2.0.10-0.20210502094952-3dc563b9aede
)

require (
	github.com/dsnet/golib/memfile v0.0.0-20200723050859-c110804dfa93 // indirect
	github.com/patrickmn/go-cache v2.1.0+incompatible // indirect
	github.com/pion/logging v0.2.2 // indirect
	github.com/pion/transport v0.12.3 // indirect
	github.com/pion/udp v0.1.1 // indirect
	github.com/plgd-dev/kit v0.0.0-20200819113605-d5fcf3e94f63 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.uber.org/atomic v1.6.0 // indirect
	golang.org/x/crypto v0.0.0-20210421170649-83a5a9bb288b // indirect
	golang.org/x/net v0.0.0-20210502030024-e5908800b52b // indirect
	golang.org/x/sys v0.0.0-20210423082822-04245dca01da // indirect
	golang.org/x/xerrors v0.0.0-20200804184101-5ec99f83aff1 // indirect
)
