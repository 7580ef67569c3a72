"""Reports: what a campaign found, as pages, files, a table and an exit status; never imports torch."""
