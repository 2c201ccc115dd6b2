SELECT id FROM input WHERE v IN (SELECT id FROM other) OR EXISTS (SELECT 1 FROM other o WHERE o.hd = input.id)
