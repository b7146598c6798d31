package dev.flynn.controller;

import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/** Names for apps whose creators gave none: {@code brave-heron-4821}. */
final class Names {

    private static final List<String> ADJECTIVES = words("""
            agile amber azure brave bright brisk calm clever coral cosmic crisp curious daring deft eager early easy
            fair fancy fast fine fleet fond fresh gentle glad golden grand green happy hardy honest humble ivory jolly
            keen kind light lively loyal lucid lucky mellow merry mild misty modest neat nimble noble olive patient
            placid plucky polite proud quick quiet rapid ready royal rustic sandy serene sharp silent silver sleek
            smart snowy solid spry steady still sturdy sunny sure swift tidy trusty vivid warm wise witty young zesty
            """);

    private static final List<String> NOUNS = words("""
            acorn alder aspen badger basin beacon birch bison brook canyon cedar cliff cloud comet crane creek crow
            dale delta dove dune eagle elk elm ember falcon fern finch fjord fox garnet geyser glade grove harbor hare
            hawk hazel heath heron hill island ivy jay juniper kite lagoon lake larch lark linnet lynx maple marsh
            marten meadow mesa mint moor moss oak orchid otter owl pebble pine plover pond poplar quail quartz rain
            raven reef ridge river robin rook sage seal shore sparrow spruce star stoat stone stream swan tern thicket
            thistle thrush tide trail vale violet vole wave willow wren yew
            """);

    private Names() {}

    static String random(RandomGenerator random) {
        return "%s-%s-%d"
                .formatted(
                        ADJECTIVES.get(random.nextInt(ADJECTIVES.size())),
                        NOUNS.get(random.nextInt(NOUNS.size())),
                        1000 + random.nextInt(9000));
    }

    private static List<String> words(String text) {
        return List.of(text.strip().toLowerCase(Locale.ROOT).split("\\s+"));
    }
}
