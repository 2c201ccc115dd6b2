-- The largest payment of each account, with what its owner spent in the other file: two files joined.
-- Shows: files as tables, the first rows of groups, a join, a query in WITH.
--
--   weir sql --file pipelines/best-customers.sql -t table
WITH spent AS (
  SELECT account, COUNT(*) AS purchases, SUM(amount) AS total
  FROM 'testdata/transactions.json'
  GROUP BY account
), largest AS (
  SELECT account, amount
  FROM (
    SELECT account, amount, ROW_NUMBER() OVER (PARTITION BY account ORDER BY amount DESC) AS n
    FROM 'testdata/payments.json'
  )
  WHERE n = 1
)
SELECT s.account, l.amount AS largest_payment, s.purchases, ROUND(s.total, 2) AS spent
FROM spent s
JOIN largest l ON s.account = l.account
WHERE s.purchases > 5
ORDER BY spent DESC, s.account
LIMIT 10;
