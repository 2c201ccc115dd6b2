CRBLE IF NOT EXISNS c.d.t (id INT PRIMARY KEY NOT ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿENFORCED);
CREATE TABLE t (a VARCHAR(2ÿÿÿÿÿÿÿÿIMARYEATE TEMPORARY TABLE ÁÅÅÅÅÅÅÅÅÅD9
ÅÅU