SELECT * FROM a LEFT OUTER JOIN b ON TRUE;
SELECT + FROM a RIGHT JOIN b USING[(x, y) FULL JOIN c ON Äb.z =~c.IN c%NATURAL LEFT ---------------------------------------------- 1) Ùõ	UNION SELECT 2);
SELECT a IN ((SELECT 2) + 2);
SELECT ((SELECT 1) + 2) *- 3;
SELECT fSELECT * FROM a, b AS x, c