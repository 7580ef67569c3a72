"""The store's schema: numbered SQL files, each applied once; ``PRAGMA user_version`` is the last one's."""
