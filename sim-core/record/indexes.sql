-- The indexes of a finished trace. They are made at the end, all at once: that is several times cheaper than keeping them up to date.

CREATE INDEX event_cause ON event(cause) WHERE cause IS NOT NULL;  -- from a cause forwards to its effects
CREATE INDEX edge_cause ON edge(cause);                            -- likewise
CREATE INDEX edge_event ON edge(event);                            -- from an effect back to its further causes
CREATE INDEX log_event ON log(event);                              -- what was logged in the course of an event
CREATE INDEX witness_violation ON witness(violation);              -- a violation's proof
