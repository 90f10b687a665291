"""What Element asks for: the filter of its /sync, and its two connections of sliding sync (of
matrix-rust-sdk's RoomListService and EncryptionSyncService)."""

LAZY_FILTER = {
    "room": {
        "timeline": {"limit": 20, "unread_thread_notifications": True},
        "state": {"lazy_load_members": True},
    }
}
ROOM_STATE = [
    ["m.room.name", ""], ["m.room.encryption", ""], ["m.room.member", "$LAZY"],
    ["m.room.member", "$ME"], ["m.room.topic", ""], ["m.room.avatar", ""],
    ["m.room.canonical_alias", ""], ["m.room.power_levels", ""],
    ["org.matrix.msc3401.call.member", "*"], ["m.room.join_rules", ""],
    ["m.room.tombstone", ""], ["m.room.create", ""], ["m.room.history_visibility", ""],
    ["io.element.functional_members", ""], ["m.space.parent", "*"], ["m.space.child", "*"],
]  # fmt: skip
ROOM_LIST = {
    "conn_id": "room-list",
    "lists": {
        "all_rooms": {
            "ranges": [[0, 19]],
            "required_state": ROOM_STATE,
            "timeline_limit": 1,
            "filters": {"not_room_types": ["m.space"]},
        }
    },
    "extensions": {
        "account_data": {"enabled": True},
        "receipts": {"enabled": True, "rooms": ["*"]},
        "typing": {"enabled": True},
    },
}
ENCRYPTION = {
    "conn_id": "encryption",
    "extensions": {"to_device": {"enabled": True}, "e2ee": {"enabled": True}},
}
SLIDING = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
