package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.store.RememberedResults.Remembered;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RememberedResultsTest {

    private static final int MOST = 300;
    private static final long OLDEST = 100;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void remembersWhatAMapDoes(long seed) {
        var random = new Random(seed);
        var results = new RememberedResults(MOST, OLDEST);
        Map<UUID, Remembered> model = new LinkedHashMap<>();
        List<UUID> all = new ArrayList<>();
        for (long time = 0, i = 0; i < 20_000; i++) {
            time += random.nextInt(100) == 0 ? random.nextInt(150) : 0;
            // few different bits, so that many want the same place
            var id = new UUID(random.nextInt(40), random.nextInt(200));
            long oldest = time - OLDEST;
            results.expire(time);
            model.values().removeIf(one -> one.timeMillis() < oldest);
            if (!model.containsKey(id)) {
                var one = new Remembered(id, time, result(random, i));
                results.add(one);
                model.put(id, one);
                if (model.size() > MOST) {
                    model.remove(model.keySet().iterator().next());
                }
                all.add(id);
            }

            UUID asked = all.get(random.nextInt(all.size()));
            assertThat(results.find(asked).isPresent()).isEqualTo(model.containsKey(asked));
            results.find(asked)
                    .ifPresent(found ->
                            assertThat(found).isEqualTo(model.get(asked).result()));
            assertThat(results.size()).isEqualTo(model.size());
        }
        assertThat(results.oldestFirst()).containsExactlyElementsOf(model.values());
    }

    private static CommitResult result(Random random, long revision) {
        return switch (random.nextInt(4)) {
            case 0 -> CommitResult.conflict(revision, "key");
            case 1 -> CommitResult.committed(revision, List.of("log/" + revision));
            default -> CommitResult.committed(revision, List.of());
        };
    }

    @Test
    void whatWasListedStaysAsItWas() {
        var results = new RememberedResults(MOST, OLDEST);
        var first = new Remembered(new UUID(0, 1), 0, CommitResult.conflict(1, "key"));
        results.add(first);

        List<Remembered> listed = results.oldestFirst();
        results.expire(OLDEST + 1);
        results.add(new Remembered(new UUID(0, 2), OLDEST + 1, CommitResult.committed(2, List.of())));

        assertThat(listed).containsExactly(first);
    }
}
