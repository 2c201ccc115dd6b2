CREATE TABLE orders (
  id BIGINT NOT NULL,
  price DEC)MALit fset BIIATAPPP()t'hse' re'
)