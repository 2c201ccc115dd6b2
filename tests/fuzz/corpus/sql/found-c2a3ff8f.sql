(SELECT 1) UNION ((SELECT 2b;
VALUES (ÿÿÿÿÿÿÿ,1, 'a',, (2, 'b');
VALUES 1, 2, ROW(3)