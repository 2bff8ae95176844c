// Prints the events of a bui-monitor as they happen: node events.js ws://127.0.0.1:9997 [TOPIC...]
// Node.js from 22 on, or 20 with --experimental-websocket.
const [url, ...topics] = process.argv.slice(2);
const plain = ({ data }) => (Array.isArray(data) ? data.map(plain) : data); // without the types
const socket = new WebSocket(url + "/v1/messages/json");
socket.onopen = () => socket.send(JSON.stringify(topics.length ? topics : ["burp/"]));
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.type !== "data-message") return;
  const [name, args] = plain(message.data[2]);
  console.log(name, ...args);
};
