//! Transactions of a request, and the locks that are held in them.

use crate::db::{Error, Model, QuerySet, Runs};
use crate::exceptions::{ApiException, Result};
use crate::generics::by_key;
use crate::request::Context;

impl Context {
    #[doc = include_str!("../db/conn/transaction.md")]
    pub async fn transaction<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let scope = self.begin().await?;
        let result = work(self).await;
        self.settle(scope, result).await
    }

    /// Runs `work` as [`Context::transaction`] does, and after a deadlock runs it again from its
    /// start, three times at most, after a short wait: its effects outside the database may
    /// happen more than once. Inside another transaction it is run once, because the outer one
    /// would have to be run again.
    ///
    /// View sets create, update and delete this way where more than one row is written, and so
    /// does a request under `ATOMIC_REQUESTS`, with its hooks.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "account")]
    /// # pub struct Account {
    /// #     pub id: i64,
    /// #     pub balance: i64,
    /// # }
    /// /// Takes an amount from an account, if the balance suffices.
    /// async fn withdraw(cx: &mut Context, account: &Account, amount: i64) -> Result<Account> {
    ///     cx.retrying_transaction(async |cx| {
    ///         // the current row, which nobody else can change until the end
    ///         let account = cx.lock(account).await?;
    ///         if account.balance < amount {
    ///             return Err(ApiException::validation("Not enough."));
    ///         }
    ///         cx.save(Changes::of(&account).set(account::balance, account.balance - amount)).await
    ///     })
    ///     .await
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// What `work` returns, and what the database reports; 503 for a deadlock that persists.
    pub async fn retrying_transaction<T>(
        &mut self,
        mut work: impl AsyncFnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let inside = self.in_transaction();
        let mut runs = Runs::default();
        loop {
            let scope = self.begin().await?;
            let result = work(self).await;
            match self.settle(scope, result).await {
                Err(ApiException::Deadlock) if !inside && runs.again().await => {}
                result => return result,
            }
        }
    }

    /// Locks a row until the transaction ends, and returns it as it is now
    /// (`select_for_update().get()`). Others who change it, or write what depends on it (nested
    /// rows, links), do so before or after.
    ///
    /// # Errors
    /// 404 when the row is gone; 500 outside a transaction, where no lock would last.
    pub async fn lock<M: Model>(&self, row: &M) -> Result<M> {
        let row = QuerySet::<M>::new().filter_by_predicate(by_key::<M>(row.pk())).unordered();
        Ok(row.select_for_update().get_or_404(self).await?)
    }
}
