// What an event costs in Express 4 when nothing is checked, counted or stored.
import express from "express";

const app = express();
app.use(express.json());
app.post("/api/events", (request, response) => {
  response.status(201).json({ success: true, message: "Event stored", data: request.body });
});
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
