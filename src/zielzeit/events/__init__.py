"""The events on the topics: structs, JSON Schemas, records."""
