-- A table, an index, a join and an update, in memory.
create table t (a integer primary key, b text, c real);
with recursive n (i) as (select 1 union all select i + 1 from n where i < 60000)
insert into t select i, 'name' || (i * 7919 % 10007), i * 1.5 from n;
create index tb on t (b);
select count(*), sum(c) from t where b between 'name2' and 'name5';
select b, count(*) n from t group by b order by n desc, b limit 5;
select sum(x.a * y.a) from t x join t y on x.b = y.b where x.a < 20000;
update t set c = c + 1 where a % 3 = 0;
select sum(c) from t;
