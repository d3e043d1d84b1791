"""Is a file whole, by its format? One file a format, registered under the entry-point group `rollcall.formats`."""
