//! The rows of link tables: those of a many-to-many relation are set, added, removed and counted.

use crate::aside::aside;
use crate::db::computed::type_name;
use crate::db::hooks::{LinkAction, LinkReceivers};
use crate::db::{ColumnKind, Conn, Dialect, Error, Hop, Lock, ModelMeta, Sql};
use crate::values::Value;
use crate::values::distinct::{ByValue, set_of};

impl Conn {
    /// Makes the links of a many-to-many relation those of `keys` and no others. Those that stay
    /// are left alone, and so are those to rows outside the scope of their model, as in Django. Belongs
    /// in a transaction that has locked the row.
    pub(crate) async fn set_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<(), Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(()) };
        // the rows that are pointed at are locked before links are, as a deletion does
        self.add_links(hop, pk, keys).await?;
        if self.link_receivers(hop).is_some() || is_symmetrical(hop) {
            let (seen, wanted) = (self.linked(hop, pk, true).await?, set_of(keys));
            let is_surplus = |key: &&Value| !wanted.contains(&ByValue(key));
            let surplus: Vec<Value> = seen.iter().filter(is_surplus).cloned().collect();
            return self.remove_links(hop, pk, &surplus).await.map(|_| ());
        }
        let surplus = |sql: &mut Sql| {
            sql.name(source).push(" = ").bind(pk.clone(), from().pk_column().kind);
            sql.push(" AND NOT ").name(target);
            sql.any_of(keys.to_vec(), to().pk_column().kind);
            among(sql, target, to());
        };
        self.delete_links(through, [source, target], surplus).await.map(|_| ())
    }

    /// Deletes links, in the one order that everybody locks them in.
    pub(super) async fn delete_links(
        &self,
        through: &str,
        [one, other]: [&str; 2],
        which: impl Fn(&mut Sql),
    ) -> Result<usize, Error> {
        let mut sql = Sql::new(self.dialect());
        sql.push("DELETE FROM ").name(through).push(" WHERE ");
        if self.dialect() == Dialect::Postgres {
            // whichever side they are reached from
            let pair = |sql: &mut Sql| {
                sql.name(one.min(other)).push(", ").name(one.max(other));
            };
            sql.push("(");
            pair(&mut sql);
            sql.push(") IN (SELECT ");
            pair(&mut sql);
            sql.push(" FROM ").name(through).push(" WHERE ");
            which(&mut sql);
            sql.push(" ORDER BY ");
            pair(&mut sql);
            sql.push(Lock::Update.clause()).push(")");
        } else {
            which(&mut sql);
        }
        self.send(sql).await
    }

    /// The keys at the other ends of a row's links; of rows in the scope of their model only, if that is
    /// asked.
    async fn linked(&self, hop: &Hop, pk: &Value, scoped: bool) -> Result<Vec<Value>, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else {
            return Ok(Vec::new());
        };
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT ").name(target).push(" FROM ").name(through).push(" WHERE ").name(source);
        sql.push(" = ").bind(pk.clone(), from().pk_column().kind);
        if scoped {
            among(&mut sql, target, to());
        }
        sql.push(" ORDER BY ").name(target);
        self.rows(sql, |row| row.value(0, to().pk_column().kind)).await
    }

    /// Changes some links; the signals of the relation run before and afterwards.
    async fn signalled(
        &self,
        [before, after]: [LinkAction; 2],
        pk: &Value,
        keys: &[Value],
        receivers: &LinkReceivers,
        change: impl Future<Output = Result<usize, Error>>,
    ) -> Result<usize, Error> {
        if keys.is_empty() {
            return Ok(0);
        }
        receivers.call(before, pk, keys, self).await?;
        let changed = change.await?;
        receivers.call(after, pk, keys, self).await?;
        Ok(changed)
    }

    /// Adds links of a many-to-many relation; those that are there stay.
    pub(crate) async fn add_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<usize, Error> {
        if let Some(receivers) = self.link_receivers(hop) {
            let stored = self.linked(hop, pk, false).await?;
            let stored = set_of(&stored);
            let is_new = |key: &&Value| !stored.contains(&ByValue(key));
            let added: Vec<Value> = keys.iter().filter(is_new).cloned().collect();
            let insert = self.insert_links(hop, pk, &added);
            let actions = [LinkAction::PreAdd, LinkAction::PostAdd];
            return aside(|| self.signalled(actions, pk, &added, &receivers, insert)).await;
        }
        self.insert_links(hop, pk, keys).await
    }

    async fn insert_links(&self, hop: &Hop, pk: &Value, keys: &[Value]) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(0) };
        let (from, to) = (from(), to());
        if keys.is_empty() {
            return Ok(0);
        }
        if is_symmetrical(hop) {
            return self.insert_both_ways(hop, pk, keys).await;
        }
        let mut sql = Sql::new(self.dialect());
        sql.push("INSERT INTO ").name(through).push(" (").name(source).push(", ").name(target);
        sql.push(") SELECT CAST(").bind(pk.clone(), from.pk_column().kind);
        let kind = type_name(from.pk_column().kind, self.dialect());
        sql.push(" AS ").push(kind).push("), ").name(to.pk_column().column);
        sql.push(" FROM ").name(to.table).push(" WHERE ").name(to.pk_column().column);
        sql.any_of(keys.to_vec(), to.pk_column().kind);
        sql.push(" AND ").name(to.pk_column().column).push(" NOT IN (SELECT ").name(target);
        sql.push(" FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        // another request may add the same at the same moment
        sql.bind(pk.clone(), from.pk_column().kind).push(") ORDER BY ");
        sql.name(to.pk_column().column).push(" ON CONFLICT DO NOTHING");
        self.send(sql).await
    }

    /// Inserts links and those back, in one statement: whoever changes them at the same moment sees both
    /// or neither. They are inserted in the order that they are deleted in.
    async fn insert_both_ways(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, to, .. } = hop else { return Ok(0) };
        let (table, key) = (to().table, to().pk_column());
        let kind = type_name(key.kind, self.dialect());
        let mut sql = Sql::new(self.dialect());
        sql.push("INSERT INTO ").name(through).push(" (").name(source).push(", ").name(target);
        sql.push(") SELECT ").column("pairs", source).push(", ").column("pairs", target);
        sql.push(" FROM (SELECT CAST(").bind(pk.clone(), key.kind).push(" AS ").push(kind);
        sql.push(") AS ").name(source).push(", ").name(key.column).push(" AS ").name(target);
        sql.push(" FROM ").name(table).push(" WHERE ").name(key.column);
        sql.any_of(keys.to_vec(), key.kind).push(" UNION SELECT ").name(key.column);
        sql.push(", CAST(").bind(pk.clone(), key.kind).push(" AS ").push(kind).push(") FROM ");
        sql.name(table).push(" WHERE ").name(key.column).any_of(keys.to_vec(), key.kind);
        sql.push(") \"pairs\" WHERE NOT EXISTS (SELECT 1 FROM ").name(through).push(" WHERE ");
        sql.column(through, source).push(" = ").column("pairs", source).push(" AND ");
        sql.column(through, target).push(" = ").column("pairs", target).push(") ORDER BY ");
        sql.column("pairs", source.min(target)).push(", ").column("pairs", source.max(target));
        sql.push(" ON CONFLICT DO NOTHING");
        self.send(sql).await
    }

    /// Removes links of a many-to-many relation.
    pub(crate) async fn remove_links(
        &self,
        hop: &Hop,
        pk: &Value,
        keys: &[Value],
    ) -> Result<usize, Error> {
        if let Some(receivers) = self.link_receivers(hop) {
            let delete = self.drop_links(hop, pk, keys);
            let actions = [LinkAction::PreRemove, LinkAction::PostRemove];
            return aside(|| self.signalled(actions, pk, keys, &receivers, delete)).await;
        }
        self.drop_links(hop, pk, keys).await
    }

    /// Removes all links of a row, to rows outside the scope of their model as well, as in Django.
    pub(crate) async fn clear_links(&self, hop: &Hop, pk: &Value) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, from, .. } = hop else { return Ok(0) };
        let own = |sql: &mut Sql| {
            sql.name(source).push(" = ").bind(pk.clone(), from().pk_column().kind);
        };
        let both = |sql: &mut Sql| {
            own(sql);
            if is_symmetrical(hop) {
                sql.push(" OR ").name(target);
                sql.push(" = ").bind(pk.clone(), from().pk_column().kind);
            }
        };
        let delete = self.delete_links(through, [source, target], both);
        let Some(receivers) = self.link_receivers(hop) else { return delete.await };
        aside(|| async move {
            receivers.call(LinkAction::PreClear, pk, &[], self).await?;
            let changed = delete.await?;
            receivers.call(LinkAction::PostClear, pk, &[], self).await?;
            Ok(changed)
        })
        .await
    }

    async fn drop_links(&self, hop: &Hop, pk: &Value, keys: &[Value]) -> Result<usize, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(0) };
        let named = |sql: &mut Sql, source: &str, target: &str| {
            sql.name(source).push(" = ").bind(pk.clone(), from().pk_column().kind);
            sql.push(" AND ").name(target).any_of(keys.to_vec(), to().pk_column().kind);
        };
        let both = |sql: &mut Sql| {
            named(sql, source, target);
            if is_symmetrical(hop) {
                sql.push(" OR ");
                named(sql, target, source);
            }
        };
        self.delete_links(through, [source, target], both).await
    }

    /// How many links a row has to rows in the scope of their model.
    pub(crate) async fn count_links(&self, hop: &Hop, pk: &Value) -> Result<i64, Error> {
        let Hop::ManyToMany { through, source, target, from, to, .. } = hop else { return Ok(0) };
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT COUNT(*) FROM ").name(through).push(" WHERE ").name(source).push(" = ");
        sql.bind(pk.clone(), from().pk_column().kind);
        among(&mut sql, target, to());
        let rows = self.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt)).await?;
        Ok(rows.into_iter().next().unwrap_or(0))
    }
}

/// Whether each link of a relation is one back as well.
fn is_symmetrical(hop: &Hop) -> bool {
    let Hop::ManyToMany { through, from, .. } = hop else { return false };
    from().links.iter().any(|link| link.symmetrical && link.table == *through)
}

/// Adds the condition that links lead to rows in the scope of their model.
fn among(sql: &mut Sql, target: &str, to: &ModelMeta) {
    if to.has_scope() {
        let pk = to.pk_column().column;
        sql.push(" AND ").name(target).push(" IN (SELECT ").column(to.table, pk).push(" FROM ");
        sql.name(to.table).push(" WHERE 1 = 1").and_in_scope(to).push(")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Fields as _;
    use crate::db::testing::{Tag, Track, on_each};

    #[test]
    fn links_are_set_added_and_removed() {
        on_each(async |conn| {
            let (hop, pk) = (Track::fields().tags().way().hops[0], Value::Int(2));
            let key = Value::Int;
            // 9 is not a tag, and 1 is linked already
            assert_eq!(conn.add_links(&hop, &pk, &[key(1), key(2), key(9)]).await.unwrap(), 1);
            assert_eq!(conn.add_links(&hop, &pk, &[]).await.unwrap(), 0);
            assert_eq!(conn.count_links(&hop, &pk).await.unwrap(), 2);
            assert_eq!(conn.remove_links(&hop, &pk, &[key(1)]).await.unwrap(), 1);
            conn.set_links(&hop, &pk, &[key(1)]).await.unwrap();
            assert_eq!(conn.linked(&hop, &pk, false).await.unwrap(), [key(1)]);
            // the same from the other side
            let back = Tag::fields().tracks().way().hops[0];
            assert_eq!(conn.count_links(&back, &key(1)).await.unwrap(), 2);
        });
    }
}
