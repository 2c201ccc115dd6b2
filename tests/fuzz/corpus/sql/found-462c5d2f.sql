CREATE TABLE orders (
  id BINARY NOT NULL,
  prics',
daatht''s here'
)