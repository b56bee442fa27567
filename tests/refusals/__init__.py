"""The stories of refusals: each ends with an update whose deed is refused."""
