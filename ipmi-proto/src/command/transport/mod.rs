//! Transport commands, NetFn 0Ch: LAN configuration (§23).
