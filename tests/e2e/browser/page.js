// What a web client does first: finds its homeserver, logs in, makes a room, sends, syncs.
import { createClient } from "matrix-js-sdk";

async function report(path, body) {
  await fetch(path, { method: "POST", body: JSON.stringify(body) });
}

async function run() {
  const query = new URLSearchParams(location.search);
  const found = await (await fetch(`${query.get("homeserver")}/.well-known/matrix/client`)).json();
  const baseUrl = found["m.homeserver"].base_url;
  const client = createClient({ baseUrl });
  await client.loginWithPassword(query.get("user"), query.get("password"));
  const { room_id: room } = await client.createRoom({ name: "From a browser" });
  const synced = new Promise((resolve) => {
    client.on("sync", (state) => state === "PREPARED" && resolve());
  });
  await client.startClient({ initialSyncLimit: 5 });
  await synced;
  // An event of one's own has no status any more once /sync has brought it back.
  const seen = new Promise((resolve) => {
    client.on("Room.localEchoUpdated", (event) => {
      if (event.status === null) resolve(event.getContent().body);
    });
  });
  const { event_id: event } = await client.sendTextMessage(room, "Hello from a browser");
  const body = await seen;
  client.stopClient();
  return { baseUrl, room, event, body, versions: await client.getVersions() };
}

run().then(
  (result) => report("/result", { result }),
  (error) => report("/result", { error: `${error}\n${error?.stack}` }),
);
