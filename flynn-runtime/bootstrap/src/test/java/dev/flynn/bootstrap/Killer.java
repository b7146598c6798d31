package dev.flynn.bootstrap;

/** Ends a bootstrap at a certain point, as a kill would: from then on nothing more is done. */
final class Killer {

    private int pointsLeft;

    private Killer(int pointsLeft) {
        this.pointsLeft = pointsLeft;
    }

    static Killer never() {
        return new Killer(Integer.MAX_VALUE);
    }

    /** @param points counted from 1 */
    static Killer atPoint(int points) {
        return new Killer(points);
    }

    synchronized void mayStrike() {
        if (pointsLeft <= 1) {
            pointsLeft = 0;
            throw new Killed();
        }
        pointsLeft--;
    }

    /** The end. */
    static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
