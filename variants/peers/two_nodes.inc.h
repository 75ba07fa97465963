/* SPDX-License-Identifier: MIT */
/*
 * A connection in a table by others: two entries, one for each direction.
 *
 * Such a table inserts one entry at a time.  ORIGINAL is inserted first, then REPLY; if REPLY
 * clashes with another connection, ORIGINAL is removed again.  In between, lookups do not find the
 * connection (it is not CONFIRMED yet), and insertions of the same key fail.  The table's file has
 * defined, before it includes this:
 *
 *   int peer_add(t, ct, dir, hash, ins)   inserts that direction's node unless an equal one
 *		by peer_is_taken() is there: 0, -EEXIST with peer_clash(), -ENOMEM, -ENOSPC
 *   bool peer_del(t, ct, dir, hash)	  removes exactly that node; false if it was not there
 */

#define CT_TABLE_HALF_IN CT_V_HALF_IN

/* A test runs other threads between these steps (tests/variants/test_interleave_peers.c). */
#ifdef RACE_PEER_HOOKS
RACE_PEER_HOOKS
#define peer_add race_peer_add
#define peer_del race_peer_del
#endif

/*
 * True if both ends of the connection are equal, so both nodes have the same tuple.  Linux finds
 * REPLY, which it inserted last; these tables keep no order, so ORIGINAL is not inserted.
 */
static inline bool
peer_is_own_answer(const struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	return unlikely(hash_orig == hash_reply) &&
	       nf_ct_tuple_equal(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
				 nf_ct_tuple(ct, IP_CT_DIR_REPLY));
}

static bool
peer_unlink(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig, uint32_t hash_reply)
{
	/* The connection counts as removed by the thread that removes its first node. */
	bool mine;

	if (peer_is_own_answer(ct, hash_orig, hash_reply))
		return peer_del(t, ct, IP_CT_DIR_REPLY, hash_reply);
	mine = peer_del(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
	peer_del(t, ct, IP_CT_DIR_REPLY, hash_reply);
	return mine;
}

static int table_insert(struct ct_table *t, struct nf_conn *ct, uint32_t hash_orig,
			uint32_t hash_reply, uint32_t now, struct ct_insert *ins)
{
	int ret = 0;

	ins->clash = NULL;
	ct_read_lock();
	if (nf_ct_is_dying(ct)) {
		ret = -ESTALE;
		goto out;
	}
	nf_ct_insert_commit(ct, now);
	if (!peer_is_own_answer(ct, hash_orig, hash_reply))
		ret = peer_add(t, ct, IP_CT_DIR_ORIGINAL, hash_orig, ins);
	if (ret)
		goto undo;
	ret = peer_add(t, ct, IP_CT_DIR_REPLY, hash_reply, ins);
	if (ret) {
		if (!peer_is_own_answer(ct, hash_orig, hash_reply))
			peer_del(t, ct, IP_CT_DIR_ORIGINAL, hash_orig);
		goto undo;
	}
	/*
	 * Was it killed meanwhile?  Then the killer saw it unconfirmed and left the removal to us.
	 * Both bits are in one word, so one of us sees the other's.
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
	nf_ct_put_direct(ct); /* the table's reference; the caller still has another */
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
