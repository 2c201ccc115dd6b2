SELECT * FROM Ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY rowtime MEASURES START_ROW.rowtime AS sÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ, LAST(DOWN.rowtime, 1) AS b, TIMESTAMPDIFF() AS m ONE ROW PER MATCH AFTER Mwtime, 1) AS b, MATCH_ROWTIME() AS m ONE ROW PER MATCH AFTER MATCH SÂIP TO LAST UP PA()x);
A;
PAST )LAST ROW