"""The operations that are measured: their names, goals, and how often each happens in a day."""

NAMES = {
    "connect": "connection: full handshake",
    "versions": "versions",
    "sync_initial": "initial sync, lazy members",
    "sync_plain": "sync with one message, long poll",
    "sync_encrypted": "sync with one encrypted message, long poll",
    "push_plain": "sync with one message, pushed (OBSERVE)",
    "push_encrypted": "sync with one encrypted message, pushed (OBSERVE)",
    "sliding_plain": "sliding sync with one message, long poll",
    "send_plain": "send",
    "send_encrypted": "send, encrypted",
    "typing": "typing",
    "receipt": "receipt",
    "messages_10": "messages, 10",
    "messages_50": "messages, 50",
    "messages_50_encrypted": "messages, 50, encrypted",
    "members": "members, 50",
    "room_state": "state of a room",
    "profile": "profile",
    "pushrules": "push rules",
    "keys_query": "keys/query, 50 users",
    "keys_upload": "keys/upload, 25 keys",
    "to_device": "room key to the devices of a room",
    "idle": "an idle hour: /sync by long polls, or pings under OBSERVE",
    "idle_sliding": "an idle hour: Element X's two polls",
}
# What HTTP does where Lowband pushes.
POLLED = {"push_plain": "sync_plain", "push_encrypted": "sync_encrypted"}

# How often each happens on the scripted day; idle hours are those without any.
DAY = {
    "connect": 4, "versions": 4, "sync_initial": 1, "push_plain": 100, "push_encrypted": 100,
    "send_plain": 30, "send_encrypted": 30, "typing": 30, "receipt": 50, "messages_10": 10,
    "messages_50": 1, "members": 2, "room_state": 1, "profile": 5, "pushrules": 1,
    "keys_query": 2, "keys_upload": 2, "to_device": 4, "idle": 14,
}  # fmt: skip

# Bytes at most. Where there is none, HTTP/2's figure is the goal.
GOALS = {
    "sync_initial": 80_000, "messages_50": 4_200, "push_plain": 260, "send_plain": 230,
    "typing": 190, "receipt": 190, "idle_sliding": 2_000,
}  # fmt: skip
