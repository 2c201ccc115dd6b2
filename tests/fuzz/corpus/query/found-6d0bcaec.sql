SELECT id FROM input WHERE v IN (SELECT at FROM other) OR EXISTS (SELECT 0 FROM other o WHERE F.id - +input.id)
