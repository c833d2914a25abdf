// Plain levels: a note is a constant, a quarter of its velocity; when it is let go it falls by 1 / 2205 of
// itself each frame. The last channel adds a quarter of the pitch bend (-1 ... 1) and of controller 1 (0 ... 1).
// Controller 64 holds what is let go. Some notes do wrong: 0 crashes, 1 hangs, 2 is no number, 3 never ends.
#include "DistrhoPlugin.hpp"

#include <cmath>
#include <csignal>
#include <cstring>
#include <unistd.h>

START_NAMESPACE_DISTRHO

static const float kFall = 1.0f - 1.0f / 2205.0f;

class PlayerPlugin : public Plugin {
public:
    PlayerPlugin() : Plugin(0, 0, 0) { activate(); }

protected:
    const char* getLabel() const override { return "player"; }
    const char* getMaker() const override { return "nast-fx tests"; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }
    int64_t getUniqueId() const override { return d_cconst('N', 'P', 'l', '0' + NAST_CHANNELS); }

    void initParameter(uint32_t, Parameter&) override {}
    float getParameterValue(uint32_t) const override { return 0.0f; }
    void setParameterValue(uint32_t, float) override {}

    void activate() override {
        std::memset(voices, 0, sizeof voices);
        bend = wheel = 0.0f;
        holds = false;
    }

    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override {
        uint32_t next = 0;
        for (uint32_t n = 0; n < frames; ++n) {
            for (; next < count && events[next].frame <= n; ++next) take(events[next]);
            float sum = 0.0f;
            for (int note = 0; note < 128; ++note) {
                Voice& voice = voices[note];
                sum += voice.level;
                if (!voice.isDown && !holds && note != 3) voice.level *= kFall;
            }
            for (int channel = 0; channel < NAST_CHANNELS; ++channel) outputs[channel][n] = sum;
            outputs[NAST_CHANNELS - 1][n] += bend + wheel;
        }
    }

private:
    struct Voice {
        float level;
        bool isDown;
    };

    void take(const MidiEvent& event) {
        if (event.size != 3) return;
        const int kind = event.data[0] & 0xF0, first = event.data[1], second = event.data[2];
        if (kind == 0x90 && second > 0) {
            if (first == 0) std::raise(SIGSEGV);
            if (first == 1) for (;;) sleep(1);
            voices[first] = {first == 2 ? NAN : second / 127.0f / 4.0f, true};
        } else if (kind == 0x80 || kind == 0x90) {
            voices[first].isDown = false;
        } else if (kind == 0xE0) {
            bend = ((second << 7 | first) - 8192) / 8192.0f / 4.0f;
        } else if (kind == 0xB0 && first == 1) {
            wheel = second / 127.0f / 4.0f;
        } else if (kind == 0xB0 && first == 64) {
            holds = second >= 64;
        }
    }

    Voice voices[128];
    float bend, wheel;
    bool holds;
};

Plugin* createPlugin() { return new PlayerPlugin(); }

END_NAMESPACE_DISTRHO
