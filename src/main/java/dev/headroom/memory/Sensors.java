package dev.headroom.memory;

import java.util.ArrayList;
import java.util.List;

/** The sensors of this machine. */
public final class Sensors {
    private Sensors() {}

    /** Opens all sensors that work here. */
    public static List<Sensor> open() {
        List<Sensor> sensors = new ArrayList<>(NvmlSensor.open());
        try {
            sensors.add(LinuxMajorFaults.open());
        } catch (MeterUnavailable e) {
            return sensors; // not Linux
        }
        return sensors;
    }
}
