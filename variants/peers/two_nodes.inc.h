/* SPDX-License-Identifier: MIT */
/*
 * A connection in a table that others wrote: two entries, one for each direction.
 *
 * Such a table takes one entry at a time.  ORIGINAL goes in first, then REPLY; where REPLY meets
 * another connection, ORIGINAL is taken out again.  In between, lookups do not see the connection
 * (it is not CONFIRMED yet), and insertions of the same key refuse.  The table's file has defined,
 * before it includes this:
 *
 *   int peer_add(t, ct, dir, hash, ins)   that direction's node goes in unless one that
 *			peer_is_taken() says is the same is there: 0, -EEXIST with peer_clash(),
 *			-ENOMEM, -ENOSPC
 *   bool peer_del(t, ct, dir, hash)	  that very node goes out; false if it was not in
 */

static bool
peer_unlink(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	/* Whoever takes the ORIGINAL node out has removed the connection. */
	bool mine = peer_del(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);

	peer_del(t, ct, IP_CT_DIR_REPLY, hash_reply);
	return mine;
}

static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	int ret;

	ins->clash = NULL;
	ct_read_lock();
	if (nf_ct_is_dying(ct)) {
		ret = -ESTALE;
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	ret = peer_add(t, ct, IP_CT_DIR_ORIGINAL, hash_orig, ins);
	if (ret)
		goto undo;
	ret = peer_add(t, ct, IP_CT_DIR_REPLY, hash_reply, ins);
	if (ret) {
		peer_del(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
		goto undo;
	}
	/*
	 * Was it killed meanwhile?  Then the killer found it unconfirmed and left it to us.  One
	 * word has both bits, so one of us sees the other's.
	 */
	if (atomic_fetch_or_explicit(&ct->status, IPS_CONFIRMED, memory_order_acq_rel) &
	    IPS_DYING) {
		if (peer_unlink(t, ct, hash_orig, hash_reply))
			nf_ct_put_direct(ct);
		ret = -ESTALE;
	}
	goto out;

undo:
	store_relaxed(&ct->timeout, load_relaxed(&ct->timeout) - now);
	nf_ct_put_direct(ct); /* the table's reference; the caller still has its own */
out:
	ct_read_unlock();
	return ret;
}

static bool
table_remove(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	bool in;

	ct_read_lock();
	in = nf_ct_is_confirmed(ct) && peer_unlink(t, ct, hash_orig, hash_reply);
	ct_read_unlock();
	return in;
}
