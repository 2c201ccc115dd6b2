SELECT * FROM (SELEÁ«ßher) AS o
