CREATE TABLE t WITH ('coÿector' = 'print') LIKE base;
CREATE TABLE t WITH ('connector' = =pL,ENT 'two' A  offset BIGS S  price AD