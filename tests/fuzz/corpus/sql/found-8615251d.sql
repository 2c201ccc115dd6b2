CREATE TABLE orders (tags ARRAY STRING>>,
  toQQQQ+QQQre'
)