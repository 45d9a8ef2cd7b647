"""One rule per file: each looks at a VM and answers with a reason, or with nothing. Strangers to each other."""
