package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchesTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final List<Long> seen = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        store.close();
    }

    private long put(String key) {
        return store.commit(Transaction.builder().put(key, "x").build()).revision();
    }

    @Test
    void aWatcherThatFailsGetsTheNextChangeAllTheSame() {
        store.watch("", 0, change -> {
            seen.add(change.revision());
            throw new IllegalStateException("a bug of the watcher");
        });

        put("a");
        put("a");

        await().until(() -> seen.equals(List.of(1L, 2L)));
    }

    @Test
    void aWatcherMayCloseItsOwnSubscription() {
        var subscription = new CompletableFuture<Subscription>();
        subscription.complete(store.watch("a", 0, change -> {
            seen.add(change.revision());
            subscription.join().close();
        }));
        List<Long> others = new CopyOnWriteArrayList<>();
        store.watch("a", 0, change -> others.add(change.revision()));

        for (int i = 0; i < 20; i++) {
            put("a");
        }

        await().until(() -> others.size() == 20);
        assertThat(seen).containsExactly(1L);
    }

    @Test
    void aWatcherMayCloseTheStore() {
        var end = new CompletableFuture<FlynnException>();
        store.watch("", 0, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                store.close();
            }

            @Override
            public void onEnd(FlynnException reason) {
                end.complete(reason);
            }
        });

        put("a");

        assertThat(end.orTimeout(10, TimeUnit.SECONDS).join().code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
    }

    @Test
    void aWatcherThatNeverReturnsIsInterruptedWhenTheStoreIsClosed() throws InterruptedException {
        var entered = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        store.watch("", 0, change -> {
            entered.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        put("a");
        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

        store.close();

        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void changesOfOtherPrefixesDoNotMakeAWatchFallBehind() {
        var shortMemory = new MemoryClusterStore(Clock.systemUTC(), TestLimits.SHORT_HISTORY);
        try (shortMemory) {
            List<Long> mine = new CopyOnWriteArrayList<>();
            var end = new CompletableFuture<FlynnException>();
            shortMemory.watch("mine/", 0, new StoreWatcher() {
                @Override
                public void onChange(StoreChange change) {
                    mine.add(change.revision());
                }

                @Override
                public void onEnd(FlynnException reason) {
                    end.complete(reason);
                }
            });
            await().until(() -> {
                shortMemory.commit(Transaction.builder().put("mine/a", "x").build());
                return !mine.isEmpty();
            });
            await().until(() -> mine.contains(shortMemory.list("").revision()));
            for (int i = 0; i < 3 * TestLimits.SHORT_HISTORY.historyChanges(); i++) {
                shortMemory.commit(Transaction.builder().put("other", "x").build());
            }

            long last = shortMemory
                    .commit(Transaction.builder().put("mine/a", "y").build())
                    .revision();

            await().until(() -> mine.contains(last));
            assertThat(end).isNotDone();
        }
    }
}
