SELECT id FROM input WHERE v IN (SELECT 1 FROM other o WHERE o.id = i )
