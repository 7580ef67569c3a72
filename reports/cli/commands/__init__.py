"""The commands, one file each; the file's name is the command's, and ``command`` is what it holds."""
