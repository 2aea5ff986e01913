//! Where saves and deletions call hooks and signals.

use std::sync::Arc;

use super::signals::OfLinks;
use super::{DeletionParts, LinkAction, LinkParts, Receiver, SavedParts, SavingParts};
use crate::aside::aside;
use crate::db::assignments::ComputedColumn;
use crate::db::insert::{Conflict, NewRow, insert};
use crate::db::{
    Conn, Error, Hop, LinkTable, ModelMeta, ModelRow, OnDelete, Select, Sql, only_known_places,
    places_in_tree, references, write_columns,
};
use crate::values::Value;

/// Those who want to know of the links of a relation, and what they are told.
pub(crate) struct LinkReceivers {
    calls: Vec<Arc<OfLinks>>,
    relation: &'static str,
    is_reverse: bool,
}

impl LinkReceivers {
    /// Tells all of them.
    pub(crate) async fn call(
        &self,
        action: LinkAction,
        pk: &Value,
        keys: &[Value],
        conn: &Conn,
    ) -> Result<(), Error> {
        let Self { calls, relation, is_reverse } = self;
        for call in calls {
            let (relation, is_reverse) = (*relation, *is_reverse);
            let parts = LinkParts { relation, action, is_reverse, pk, keys, conn };
            call(parts).await.map_err(Error::refused)?;
        }
        Ok(())
    }
}

/// Rows that are deleted, with those who want to know of it.
pub(crate) struct Watched {
    rows: Vec<(&'static ModelMeta, Vec<Box<dyn ModelRow>>)>,
}

impl Conn {
    /// Whether a hook or a signal runs when a row of the model is saved.
    pub(crate) fn watches_saves(&self, model: &ModelMeta) -> bool {
        model.hooks.is_some_and(super::ModelHooks::see_saves)
            || self.database().receivers().see_saves(model)
    }

    /// Whether one runs when a row of the model is deleted.
    fn watches_deletions(&self, model: &ModelMeta) -> bool {
        model.hooks.is_some_and(super::ModelHooks::see_deletions)
            || self.database().receivers().see_deletions(model)
    }

    /// Whether one runs when rows of the model are deleted, or those that go with them.
    pub(crate) fn watches_cascade(
        &self,
        models: &[&'static ModelMeta],
        model: &'static ModelMeta,
    ) -> bool {
        let hooked =
            |model: &&&ModelMeta| model.hooks.is_some_and(super::ModelHooks::see_deletions);
        if !self.database().receivers().any() && models.iter().find(hooked).is_none() {
            return false;
        }
        let mut found = vec![model];
        let mut at = 0;
        while let Some(model) = found.get(at).copied() {
            if self.watches_deletions(model) {
                return true;
            }
            for (other, column) in references(models, model) {
                if column.on_delete == OnDelete::Cascade && !found.contains(&other) {
                    found.push(other);
                }
            }
            for other in model.generic.iter().map(|rows| (rows.from)()) {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
            at += 1;
        }
        false
    }

    /// Those who want to know of the links of a relation; `None` if nobody does.
    pub(crate) fn link_receivers(&self, hop: &Hop) -> Option<LinkReceivers> {
        let receivers = self.database().receivers();
        let Hop::ManyToMany { through, source, from, to, .. } = hop else { return None };
        if !receivers.any() {
            return None;
        }
        let declared = |model: &'static ModelMeta, column: fn(&LinkTable) -> &'static str| {
            let own = |link: &&LinkTable| link.table == *through && column(link) == *source;
            model.links.iter().find(own)
        };
        let forward = declared(from(), |link| link.source).map(|link| (from(), link, false));
        let reverse = || declared(to(), |link| link.target).map(|link| (to(), link, true));
        let (model, link, is_reverse) = forward.or_else(reverse)?;
        let calls = receivers.of_links(model);
        (!calls.is_empty()).then(|| LinkReceivers { calls, relation: link.name, is_reverse })
    }

    /// Inserts a row whose model has hooks or signals, in a transaction that they can undo; `None` if
    /// another row is in the way and `conflict` says that this one is left out then.
    pub(crate) async fn insert_watched(
        &self,
        model: &'static ModelMeta,
        row: NewRow,
        conflict: &Conflict,
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        let mut parts =
            SavingParts { model, columns: row, computed: Vec::new(), target: None, stored: None };
        let scope = self.begin().await?;
        let made = self.insert_calling(&mut parts, conflict).await;
        if matches!(made, Ok(None)) {
            // what hooks have written for it goes as well
            self.end(scope, false).await?;
            return made;
        }
        self.settle(scope, made).await
    }

    async fn insert_calling(
        &self,
        parts: &mut SavingParts,
        conflict: &Conflict,
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        let model = parts.model;
        self.call_before_save(parts).await?;
        self.place_is_free(parts).await?;
        let columns = std::mem::take(&mut parts.columns);
        let changed: Vec<usize> = columns.iter().map(|(index, _)| *index).collect();
        let sql = insert(self.dialect(), model, &[columns], conflict);
        let rows = self.whole(self.rows(sql, |row| (model.decode)(row, 0))).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        self.call_after_save(model, &*row, true, &changed).await?;
        Ok(Some(row))
    }

    /// Changes a row whose model has hooks or signals, in a transaction that they can undo.
    pub(crate) async fn update_watched(
        &self,
        select: &Select,
        set: Vec<(usize, Value)>,
        computed: &[ComputedColumn],
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        let target = Some(select.clone());
        let mut parts = SavingParts::new(select.model, set, computed.to_vec(), target);
        let scope = self.begin().await?;
        let changed = self.update_calling(select, &mut parts).await;
        self.settle(scope, changed).await
    }

    async fn update_calling(
        &self,
        select: &Select,
        parts: &mut SavingParts,
    ) -> Result<Option<Box<dyn ModelRow>>, Error> {
        let model = parts.model;
        self.call_before_save(parts).await?;
        self.place_is_free(parts).await?;
        let columns = std::mem::take(&mut parts.columns);
        let changed = columns.iter().map(|(index, _)| index);
        let changed = changed.chain(parts.computed.iter().map(|(index, _)| index));
        let changed: Vec<usize> = changed.copied().collect();
        let sql = self.updating(select, columns, &parts.computed);
        let rows = self.whole(self.rows(sql, |row| (model.decode)(row, 0))).await?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        self.call_after_save(model, &*row, false, &changed).await?;
        Ok(Some(row))
    }

    async fn call_before_save(&self, parts: &mut SavingParts) -> Result<(), Error> {
        let unfinished = self.unfinished();
        for hook in parts.model.hooks.map_or(&[][..], |hooks| hooks.before_save) {
            hook(parts, self).await.map_err(Error::refused)?;
        }
        for receiver in self.database().receivers().of(parts.model) {
            if let Receiver::PreSave(call) = receiver {
                call(parts, self).await.map_err(Error::refused)?;
            }
        }
        unfinished.done();
        Ok(())
    }

    /// Checks the place in a tree once more, which a hook may have changed.
    async fn place_is_free(&self, parts: &SavingParts) -> Result<(), Error> {
        only_known_places(parts.model, &parts.computed)?;
        if !places_in_tree(parts.model, &parts.columns) {
            return Ok(());
        }
        aside(|| self.refuse_cycles(parts.model, parts.target.as_ref(), &parts.columns)).await
    }

    async fn call_after_save(
        &self,
        model: &'static ModelMeta,
        row: &dyn ModelRow,
        is_new: bool,
        changed: &[usize],
    ) -> Result<(), Error> {
        let parts = SavedParts { row, is_new, changed, conn: self };
        for receiver in self.database().receivers().of(model) {
            if let Receiver::PostSave(call) = receiver {
                call(parts).await.map_err(Error::refused)?;
            }
        }
        for hook in model.hooks.map_or(&[][..], |hooks| hooks.after_save) {
            hook(parts).await.map_err(Error::refused)?;
        }
        Ok(())
    }

    /// Reads rows that are going to be deleted, as far as somebody wants to know, and says so.
    pub(crate) async fn call_before_deletion(
        &self,
        doomed: &[(&'static ModelMeta, Vec<Value>)],
    ) -> Result<Watched, Error> {
        let mut watched = Watched { rows: Vec::new() };
        for (model, keys) in doomed {
            if !self.watches_deletions(model) {
                continue;
            }
            let (pk, mut sql) = (model.pk_column(), Sql::new(self.dialect()));
            sql.push("SELECT ");
            write_columns(&mut sql, model, model.table);
            sql.push(" FROM ").name(model.table).push(" WHERE ").name(pk.column);
            sql.any_of(keys.clone(), pk.kind).push(" ORDER BY ").name(pk.column);
            let rows = self.rows(sql, |row| (model.decode)(row, 0)).await?;
            watched.rows.push((model, rows));
        }
        for (model, rows) in &watched.rows {
            for row in rows {
                self.call_on_deletion(model, &**row, true).await?;
            }
        }
        Ok(watched)
    }

    /// Says that the rows of a model are gone.
    pub(crate) async fn call_after_deletion(
        &self,
        model: &'static ModelMeta,
        watched: &Watched,
    ) -> Result<(), Error> {
        let own = watched.rows.iter().filter(|(other, _)| *other == model);
        for row in own.flat_map(|(_, rows)| rows) {
            self.call_on_deletion(model, &**row, false).await?;
        }
        Ok(())
    }

    async fn call_on_deletion(
        &self,
        model: &'static ModelMeta,
        row: &dyn ModelRow,
        is_before: bool,
    ) -> Result<(), Error> {
        let parts = DeletionParts { row, conn: self };
        let hooks = model.hooks.copied().unwrap_or_default();
        if is_before {
            for hook in hooks.before_delete {
                hook(parts).await.map_err(Error::refused)?;
            }
        }
        for receiver in self.database().receivers().of(model) {
            match receiver {
                Receiver::PreDelete(call) if is_before => call(parts).await,
                Receiver::PostDelete(call) if !is_before => call(parts).await,
                _ => Ok(()),
            }
            .map_err(Error::refused)?;
        }
        if !is_before {
            for hook in hooks.after_delete {
                hook(parts).await.map_err(Error::refused)?;
            }
        }
        Ok(())
    }
}
