-- WordCount: every line is split into lower-case words, every word is counted.
-- Shows: a table over a text file, UNNEST (one row per element of an array), ORDER BY with LIMIT.
--
--   weir sql --file pipelines/wordcount.sql
CREATE TABLE lines (line STRING)
WITH ('connector' = 'filesystem', 'path' = 'testdata/soliloquy.txt', 'format' = 'raw');

SELECT word, COUNT(*) AS `count`
FROM lines
CROSS JOIN UNNEST(SPLIT_WORDS(REGEXP_REPLACE(LOWER(line), '[^a-z'']+', ' '))) AS w (word)
GROUP BY word
ORDER BY `count` DESC, word
LIMIT 10;
