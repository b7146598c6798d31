package dev.flynn.state;

import dev.flynn.api.id.JobId;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Jobs that are to be stopped once no router has anything in flight there, and what the routers say to that. The host of a job
 * asks and forgets; each router answers once. Thread-safe.
 */
public final class Drains {

    private static final String WISHES = "drains/wanted/";
    private static final String ANSWERS = "drains/done/";

    private final ClusterState state;
    private final Table<Wish> wishes;

    /** @param addresses where the job serves, {@code host:port} */
    public record Wish(List<String> addresses) {
        public Wish {
            addresses = List.copyOf(addresses);
        }
    }

    public Drains(ClusterState state) {
        this.state = state;
        this.wishes = state.table(WISHES, Wish.class);
    }

    /** Asks all routers to say when they have nothing in flight there. */
    public void ask(JobId job, List<String> addresses) {
        state.commit(
                Transaction.builder().put(wishes.key(job.value()), state.json().write(new Wish(addresses))));
    }

    /** The jobs of the routers that have answered; perhaps not yet the latest ones. */
    public Set<String> answers(JobId job) {
        String prefix = answerKey(job.value(), "");
        return state.store().list(prefix, Consistency.STALE).entries().stream()
                .map(entry -> entry.key().substring(prefix.length()))
                .collect(Collectors.toSet());
    }

    /** Nobody waits any more for the jobs whose ids begin so. */
    public void forget(String idPrefix) {
        List<String> keys = List.of(wishes.key(idPrefix), ANSWERS + idPrefix).stream()
                .flatMap(prefix -> state.store().list(prefix).entries().stream())
                .map(StoreEntry::key)
                .toList();
        if (!keys.isEmpty()) {
            Transaction.Builder transaction = Transaction.builder();
            keys.forEach(transaction::delete);
            state.commit(transaction);
        }
    }

    /** What is asked, by the ids of jobs; the caller closes it. */
    public TableView<Wish> wishes(Runnable onChange) {
        return wishes.view(onChange);
    }

    /**
     * Answers, unless nobody waits for that any more.
     *
     * @param router the id of its job
     */
    public void answer(Versioned<Wish> wish, String router) {
        String job = wishes.id(wish.key());
        state.commit(Transaction.builder()
                .whenUnchanged(wish.key(), wish.modRevision())
                .put(answerKey(job, router), ""));
    }

    private static String answerKey(String job, String router) {
        return ANSWERS + job + "/" + router;
    }
}
