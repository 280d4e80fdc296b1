.mode list
PRAGMA journal_mode = WAL;
CREATE TABLE item (id INTEGER PRIMARY KEY, part INTEGER, price REAL, name TEXT);
CREATE TABLE part (id INTEGER PRIMARY KEY, weight REAL);
INSERT INTO item
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
  SELECT i, i * 7919 % 1009, (i * 104729 % 10007) / 97.0, printf('item %06d %x', i, i * 2654435761) FROM n;
INSERT INTO part
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1008)
  SELECT i, sqrt(i) * 1.5 FROM n;
CREATE INDEX item_part ON item (part, price);
CREATE INDEX item_name ON item (name);
ANALYZE;
SELECT count(*), sum(id), printf('%.17g', sum(price)), printf('%.17g', avg(price)), min(name), max(name) FROM item;
SELECT printf('%.17g', sum(price * weight)) FROM item JOIN part ON part.id = item.part;
SELECT part, count(*), printf('%.17g', total(price)) FROM item GROUP BY part ORDER BY 3 DESC, 1 LIMIT 10;
SELECT id, printf('%.15g', price), row_number() OVER (PARTITION BY part ORDER BY price DESC), rank() OVER (ORDER BY price)
  FROM item WHERE part < 3 ORDER BY id LIMIT 20;
SELECT printf('%.15g', sum(price) OVER (ORDER BY id ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING)) FROM item LIMIT 10 OFFSET 1000;
SELECT count(*) FROM item WHERE name LIKE '%ff%' AND name GLOB 'item 0[0-3]*';
SELECT name FROM item WHERE name BETWEEN 'item 012' AND 'item 01205' ORDER BY name DESC LIMIT 5;
SELECT json_extract(json_object('a', json_array(1, 2.5, 'x'), 'b', json('{"c": null}')), '$.a[1]');
SELECT json_group_array(id) FROM (SELECT id FROM item WHERE price > 103 ORDER BY id LIMIT 20);
SELECT value FROM json_each('[3, 1e3, "\u00e9", true]');
SELECT printf('%.17g %.17g %.17g', sin(1), exp(1), pow(2, 0.5)), 9223372036854775807 + 1, -7 / 2, -7 % 3, 5 << 60, ~5;
SELECT cast('12.5abc' AS REAL), cast(1e20 AS INTEGER), round(2.675, 2), abs(-3.5), 0.1 + 0.2, 1e999, -1e999;
SELECT date('2024-02-29', '+1 year'), julianday('2000-01-01 12:00'), strftime('%j %W %s', '2026-11-26');
SELECT hex(zeroblob(4)), quote(x'00ff'), upper('straße'), instr('hello', 'l'), replace('aXbX', 'X', '--'), trim('  x ');
BEGIN;
UPDATE item SET price = price * 1.1 WHERE part % 2 = 0;
DELETE FROM item WHERE id % 3 = 0;
SAVEPOINT inner;
DELETE FROM item;
ROLLBACK TO inner;
COMMIT;
SELECT count(*), printf('%.17g', sum(price)) FROM item;
BEGIN;
DELETE FROM part;
ROLLBACK;
SELECT count(*) FROM part;
VACUUM;
PRAGMA integrity_check;
.sha3sum
