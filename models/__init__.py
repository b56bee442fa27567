"""What holds: tables, the rules on them, and the queries. No Telegram, no words, no clock."""
