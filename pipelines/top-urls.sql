-- The ten most requested URLs, without their query strings, and how often each failed.
-- Shows: a file with a named format, GROUP BY an expression, FILTER in an aggregate, ORDER BY with LIMIT.
--
--   weir sql --file pipelines/top-urls.sql -t table
SET 'weir.on_error' = 'skip';

CREATE VIEW requests AS
SELECT SPLIT_INDEX(url, '?', 0) AS page, status, bytes
FROM 'testdata/access.log';

SELECT page,
       COUNT(*) AS hits,
       COUNT(*) FILTER (WHERE status >= 500) AS failed,
       ROUND(MEAN(bytes), 1) AS mean_bytes
FROM requests
GROUP BY page
ORDER BY hits DESC, page
LIMIT 10;
