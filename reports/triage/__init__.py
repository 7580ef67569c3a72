"""Triage: what people decide about buckets, and how runs are compared; pure functions over reports and files."""
