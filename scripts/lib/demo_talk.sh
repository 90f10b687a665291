# The conversation of the demo, over CoAP and over HTTPS, and the table of what it cost; sourced.
# Uses $work, $bin, $port and $homeserver of scripts/demo.
# shellcheck shell=bash disable=SC2154

# The same length on both sides, so that the sizes compare.
run_id=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
coap_users=("alice_c$run_id" "bobby_c$run_id")
https_users=("alice_h$run_id" "bobby_h$run_id")
password=demo-$run_id
operations=()
declare -A cost

# member NAME: a string of the JSON on stdin (the ids in it need no unescaping).
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
# figure OBJECT NAME FILE: a number in one of the objects of a file of figures.
figure() { sed -n "s/.*\"$1\": *{[^}]*\"$2\": *\([0-9.]*\).*/\1/p" "$3"; }
number() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$2"; }

# Bytes of one part of a CoAP request, with the headers of IPv4 and UDP.
coap_bytes() {
  local sum=0 name
  for name in bytes_sent bytes_received; do sum=$((sum + $(figure "$1" $name "$2"))); done
  for name in datagrams_sent datagrams_received; do
    sum=$((sum + 28 * $(figure "$1" $name "$2")))
  done
  printf '%s' "$sum"
}

# operation TRANSPORT NAME TOKEN METHOD PATH [BODY]: does it, notes what it cost, leaves the answer
# in $answer.
operation() {
  local transport=$1 name=$2 token=$3 method=$4 path=$5 body=${6:-}
  local figures=$work/figures.json arguments=(-X "$method" --stats-json "$work/figures.json")
  [ -z "$token" ] || arguments+=(-H "Authorization: Bearer $token")
  [ -z "$body" ] || arguments+=(-d "$body")
  if [ "$transport" = coap ]; then
    answer=$("$bin/lowband" request -k "${arguments[@]}" "https://127.0.0.1:$port$path" \
      2>"$work/request.log") || fail "over CoAP, $name: $answer" "$work/request.log" \
      "$work/lb-proxy.log"
    cost[coap handshake]=$(coap_bytes handshake "$figures")
    cost[coap $name]=$(coap_bytes exchange "$figures")
    cost[time $name]=$(number milliseconds "$figures")
    operations+=("$name")
  else
    answer=$("$bin/https-meter" --cert "$work/cert.pem" --key "$work/key.pem" "${arguments[@]}" \
      "$homeserver$path" 2>"$work/request.log") ||
      fail "over HTTPS, $name: $answer" "$work/request.log"
    cost[https handshake]=$(figure handshake bytes "$figures")
    cost[https $name]=$(figure exchange bytes "$figures")
  fi
}

# talk TRANSPORT: two new users, a room, a message each way.
talk() {
  local transport=$1 api=/_matrix/client/r0 alice bob alice_token bob_token room since text
  if [ "$transport" = coap ]; then
    alice=${coap_users[0]} bob=${coap_users[1]}
  else
    alice=${https_users[0]} bob=${https_users[1]}
  fi
  register() {
    operation "$transport" "$1" "" POST $api/register \
      "{\"username\":\"$2\",\"password\":\"$password\",\"auth\":{\"type\":\"m.login.dummy\"}}"
  }
  message() { printf '{"msgtype":"m.text","body":"%s"}' "$1"; }

  operation "$transport" "versions" "" GET /_matrix/client/versions
  register "register Alice" "$alice"
  alice_token=$(member access_token <<<"$answer")
  register "register Bob" "$bob"
  bob_token=$(member access_token <<<"$answer")
  local bob_id
  bob_id=$(member user_id <<<"$answer")
  operation "$transport" "Alice creates a room" "$alice_token" POST $api/createRoom \
    "{\"name\":\"Lowband\",\"preset\":\"private_chat\",\"invite\":[\"$bob_id\"]}"
  room=$(member room_id <<<"$answer")
  operation "$transport" "Bob joins" "$bob_token" POST "$api/rooms/$room/join" '{}'
  operation "$transport" "Bob's first sync" "$bob_token" GET "$api/sync?timeout=0"
  since=$(member next_batch <<<"$answer")
  operation "$transport" "Alice sends" "$alice_token" \
    PUT "$api/rooms/$room/send/m.room.message/m1" "$(message 'Hello Bob')"
  operation "$transport" "Bob syncs: one message" "$bob_token" \
    GET "$api/sync?since=$since&timeout=30000"
  text=$(member body <<<"$answer")
  [ "$text" = "Hello Bob" ] || die "Bob got '$text' instead of Alice's message"
  operation "$transport" "Alice's first sync" "$alice_token" GET "$api/sync?timeout=0"
  since=$(member next_batch <<<"$answer")
  operation "$transport" "Bob sends" "$bob_token" \
    PUT "$api/rooms/$room/send/m.room.message/m2" "$(message 'Hello Alice')"
  operation "$transport" "Alice syncs: one message" "$alice_token" \
    GET "$api/sync?since=$since&timeout=30000"
  text=$(member body <<<"$answer")
  [ "$text" = "Hello Alice" ] || die "Alice got '$text' instead of Bob's message"
}

print_row() {
  awk -v name="$1" -v coap="${cost[coap $1]}" -v https="${cost[https $1]}" -v time="$2" 'BEGIN {
    printf "%-26s %8d B %12d B %8.1f x %9s\n", name, coap, https, https / coap, time
  }'
}

print_table() {
  local name
  printf '%-26s %10s %14s %10s %9s\n' operation CoAP/DTLS "HTTP/1.1+TLS" ratio "time"
  print_row handshake ""
  for name in "${operations[@]}"; do
    print_row "$name" "$(printf '%.1f ms' "${cost[time $name]}")"
  done
  cat <<'END'

Bytes both ways, with the headers of IPv4 and UDP or TCP; a handshake comes first on each connection
and is counted apart. HTTP is measured on the socket by the kernel, acknowledgements included, with
the request headers of a phone's client. Each request here sends its access token; on a connection
that lasts, CoAP sends it once. Time is CoAP's, over loopback.
END
}
